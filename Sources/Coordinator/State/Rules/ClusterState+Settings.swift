internal import HashTreeCollections

extension ClusterState {
    mutating func putKey(_ command: Command.PutKey) throws(Refusal) -> Response {
        var key = AccessKey(
            id: command.key,
            name: command.name,
            role: command.role,
            verifier: command.verifier,
            createdMilliseconds: self.time,
            expiresMilliseconds: command.expiresMilliseconds
        )
        if let existing = self.keysByID[key.id] {
            key.createdMilliseconds = existing.createdMilliseconds
            guard existing.canonicalBytes == key.canonicalBytes else { throw .keyExists(key.id) }
            return .key(key.id, created: false)
        }
        if let fault = key.fault { throw .invalid(fault) }
        guard self.keysByID.count < AccessKey.countMax else {
            throw .invalid("there are \(AccessKey.countMax) keys already")
        }
        self.keysByID[key.id] = key
        self.keysIndex = self.appliedIndex
        return .key(key.id, created: true)
    }

    mutating func revokeKey(_ command: Command.RevokeKey) throws(Refusal) -> Response {
        guard self.keysByID.removeValue(forKey: command.key) != nil else { throw .keyNotFound(command.key) }
        self.keysIndex = self.appliedIndex
        return .done
    }

    mutating func setScalingPolicy(_ command: Command.SetScalingPolicy) throws(Refusal) -> Response {
        if let fault = command.policy?.fault { throw .invalid(fault) }
        self.scalingPolicy = command.policy
        return .done
    }

    mutating func putSettings(_ command: Command.PutSettings) throws(Refusal) -> Response {
        if let fault = command.settings.fault { throw .invalid(fault) }
        self.settings = command.settings
        return .done
    }

    /// Whether somebody may still come with the key. One that was never put here is as good as revoked.
    func isInForce(_ key: KeyID) -> Bool {
        guard let key = self.keysByID[key] else { return false }
        return !key.isExpired(at: self.time)
    }
}
