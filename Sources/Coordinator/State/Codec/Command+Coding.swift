extension Command {
    public static let formatVersion: UInt8 = 1

    /// The bytes of a log entry.
    public func encoded() -> [UInt8] {
        var writer = ByteWriter(capacity: 512)
        writer.byte(Self.formatVersion)
        self.encode(into: &writer)
        return writer.exactBytes
    }

    public init(decoding bytes: [UInt8]) throws(DecodingFailure) {
        var reader = ByteReader(bytes)
        let version = try reader.byte()
        guard version == Self.formatVersion else {
            throw reader.failure(.unknown, "commands of version \(version) are not known here")
        }
        try self.init(from: &reader)
        try reader.end()
    }
}

extension Command: BinaryCoded {
    func encode(into writer: inout ByteWriter) {
        switch self {
        case .register(let command) where command.fitsEarlierForm:
            writer.byte(1)
            command.encode(earlier: &writer)
        case .register(let command) where command.sealedKey != nil:
            writer.byte(27)
            command.encode(keyed: &writer)
        case .register(let command):
            writer.byte(10)
            writer.value(command)
        case .deregister(let command):
            writer.byte(2)
            writer.value(command.worker)
            writer.optional(command.incarnation) { $0.value($1) }
        case .setWorkerStatus(let command):
            writer.byte(3)
            writer.value(command.worker)
            writer.value(command.incarnation)
            writer.value(command.from)
            writer.value(command.to)
        case .deployGroup(let command) where command.spec.fitsEarlierForm:
            writer.byte(4)
            command.encode(earlier: &writer)
        case .deployGroup(let command):
            writer.byte(15)
            writer.value(command)
        case .updateGroup(let command):
            writer.byte(16)
            writer.value(command)
        case .confirmUpdate(let command):
            writer.byte(17)
            writer.value(command.group)
            writer.number(command.generation)
        case .rollBackGroup(let command):
            writer.byte(18)
            writer.value(command)
        case .startMigration(let command):
            writer.byte(20)
            writer.value(command)
        case .advanceMigration(let command):
            writer.byte(21)
            writer.value(command)
        case .cancelMigration(let command):
            writer.byte(22)
            writer.value(command.migration)
        case .pruneMigrations(let command):
            writer.byte(23)
            writer.number(command.before)
        case .startDrain(let command):
            writer.byte(24)
            writer.value(command)
        case .finishDrain(let command):
            writer.byte(25)
            writer.value(command)
        case .cancelDrain(let command):
            writer.byte(26)
            writer.value(command.worker)
        case .deleteGroup(let command):
            writer.byte(5)
            writer.value(command.group)
            writer.optional(command.generation) { $0.number($1) }
        case .reassign(let command) where command.fitsEarlierForm:
            writer.byte(6)
            command.encode(earlier: &writer)
        case .reassign(let command):
            writer.byte(19)
            writer.value(command)
        case .reportPlacement(let command):
            writer.byte(7)
            writer.value(command.placement)
            writer.value(command.epoch)
            writer.value(command.status)
            writer.text(command.pipelineID)
        case .putConnector(let command):
            writer.byte(8)
            writer.value(command.connector)
            writer.value(command.mode)
        case .deleteConnector(let command):
            writer.byte(9)
            writer.value(command.connector)
        case .putKey(let command):
            writer.byte(11)
            writer.value(command)
        case .revokeKey(let command):
            writer.byte(12)
            writer.value(command.key)
        case .setScalingPolicy(let command):
            writer.byte(13)
            writer.optional(command.policy) { $0.value($1) }
        case .putSettings(let command):
            writer.byte(14)
            writer.value(command.settings)
        }
    }

    init(from reader: inout ByteReader) throws(DecodingFailure) {
        switch try reader.byte() {
        case 1:
            self = .register(try Register(earlier: &reader))
        case 2:
            self = .deregister(
                Deregister(
                    worker: try reader.value(),
                    incarnation: try reader.optional { reader throws(DecodingFailure) in try reader.value() }
                )
            )
        case 3:
            self = .setWorkerStatus(
                SetWorkerStatus(
                    worker: try reader.value(),
                    incarnation: try reader.value(),
                    from: try reader.value(),
                    to: try reader.value()
                )
            )
        case 4:
            self = .deployGroup(try DeployGroup(earlier: &reader))
        case 5:
            self = .deleteGroup(
                DeleteGroup(
                    group: try reader.value(),
                    generation: try reader.optional { reader throws(DecodingFailure) in try reader.number() }
                )
            )
        case 6:
            self = .reassign(try Reassign(earlier: &reader))
        case 7:
            self = .reportPlacement(
                ReportPlacement(
                    placement: try reader.value(),
                    epoch: try reader.value(),
                    status: try reader.value(),
                    pipelineID: try reader.text()
                )
            )
        case 8:
            self = .putConnector(PutConnector(connector: try reader.value(), mode: try reader.value()))
        case 9:
            self = .deleteConnector(DeleteConnector(connector: try reader.value()))
        case 10:
            self = .register(try reader.value())
        case 11:
            self = .putKey(try reader.value())
        case 12:
            self = .revokeKey(RevokeKey(key: try reader.value()))
        case 13:
            self = .setScalingPolicy(
                SetScalingPolicy(policy: try reader.optional { reader throws(DecodingFailure) in try reader.value() })
            )
        case 14:
            self = .putSettings(PutSettings(settings: try reader.value()))
        case 15:
            self = .deployGroup(try reader.value())
        case 16:
            self = .updateGroup(try reader.value())
        case 17:
            self = .confirmUpdate(ConfirmUpdate(group: try reader.value(), generation: try reader.number()))
        case 18:
            self = .rollBackGroup(try reader.value())
        case 19:
            self = .reassign(try reader.value())
        case 20:
            self = .startMigration(try reader.value())
        case 21:
            self = .advanceMigration(try reader.value())
        case 22:
            self = .cancelMigration(CancelMigration(migration: try reader.value()))
        case 23:
            self = .pruneMigrations(PruneMigrations(before: try reader.number()))
        case 24:
            self = .startDrain(try reader.value())
        case 25:
            self = .finishDrain(try reader.value())
        case 26:
            self = .cancelDrain(CancelDrain(worker: try reader.value()))
        case 27:
            self = .register(try Register(keyed: &reader))
        case let tag:
            throw reader.failure(.unknown, "no command is numbered \(tag)")
        }
    }
}
