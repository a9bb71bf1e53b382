extension ClusterState.AccessKey.Role: BinaryCoded {}

extension ClusterState.AccessKey: BinaryCoded {
    func encode(into writer: inout ByteWriter) {
        writer.value(self.id)
        writer.text(self.name)
        writer.value(self.role)
        writer.value(self.verifier)
        writer.number(self.createdMilliseconds)
        writer.optional(self.expiresMilliseconds) { $0.number($1) }
    }

    init(from reader: inout ByteReader) throws(DecodingFailure) {
        self.init(
            id: try reader.value(),
            name: try reader.text(),
            role: try reader.value(),
            verifier: try reader.value(),
            createdMilliseconds: try reader.number(),
            expiresMilliseconds: try reader.optional { reader throws(DecodingFailure) in try reader.number() }
        )
    }
}

extension KeyVerifier: BinaryCoded {
    func encode(into writer: inout ByteWriter) {
        writer.blob(self.salt)
        writer.blob(self.hash)
    }

    init(from reader: inout ByteReader) throws(DecodingFailure) {
        self.init(salt: try reader.blob(), hash: try reader.blob())
    }
}

extension ClusterState.ScalingPolicy: BinaryCoded {
    func encode(into writer: inout ByteWriter) {
        writer.number(self.workersMin)
        writer.number(self.workersMax)
        writer.number(self.upThresholdThousandths)
        writer.number(self.downThresholdThousandths)
        writer.optional(self.webhookURL) { $0.text($1) }
        writer.number(self.cooldownMilliseconds)
    }

    init(from reader: inout ByteReader) throws(DecodingFailure) {
        self.init(
            workersMin: try reader.number32(),
            workersMax: try reader.number32(),
            upThresholdThousandths: try reader.number32(),
            downThresholdThousandths: try reader.number32(),
            webhookURL: try reader.optional { reader throws(DecodingFailure) in try reader.text() },
            cooldownMilliseconds: try reader.number()
        )
    }
}

extension ClusterState.Settings: BinaryCoded {
    func encode(into writer: inout ByteWriter) { writer.optional(self.heartbeat) { $0.value($1) } }

    init(from reader: inout ByteReader) throws(DecodingFailure) {
        self.init(heartbeat: try reader.optional { reader throws(DecodingFailure) in try reader.value() })
    }
}

extension ClusterState.Settings.Heartbeat: BinaryCoded {
    func encode(into writer: inout ByteWriter) {
        writer.number(self.intervalMilliseconds)
        writer.number(self.timeoutMilliseconds)
    }

    init(from reader: inout ByteReader) throws(DecodingFailure) {
        self.init(intervalMilliseconds: try reader.number32(), timeoutMilliseconds: try reader.number32())
    }
}

// MARK: - Commands

extension Command.PutKey: BinaryCoded {
    func encode(into writer: inout ByteWriter) {
        writer.value(self.key)
        writer.text(self.name)
        writer.value(self.role)
        writer.value(self.verifier)
        writer.optional(self.expiresMilliseconds) { $0.number($1) }
    }

    init(from reader: inout ByteReader) throws(DecodingFailure) {
        self.init(
            key: try reader.value(),
            name: try reader.text(),
            role: try reader.value(),
            verifier: try reader.value(),
            expiresMilliseconds: try reader.optional { reader throws(DecodingFailure) in try reader.number() }
        )
    }
}
