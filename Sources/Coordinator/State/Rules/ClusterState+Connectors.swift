internal import HashTreeCollections

extension ClusterState {
    mutating func putConnector(_ command: Command.PutConnector) throws(Refusal) -> Response {
        let connector = command.connector
        let name = connector.name
        if name.rawValue.isEmpty { throw .invalid("the connector needs a name") }
        // What is written and refused is put back: a second search would cost every command as much as the first.
        let existing = self.connectorsByName.updateValue(connector, forKey: name)
        switch (command.mode, existing) {
        case (.create, let existing?):
            self.connectorsByName[name] = existing
            guard existing == connector else { throw .connectorExists(name) }
            return .connector(name, created: false)
        case (.update, nil):
            self.connectorsByName[name] = nil
            throw .connectorNotFound(name)
        case (.create, nil): return .connector(name, created: true)
        case (.update, .some): return .connector(name, created: false)
        }
    }

    mutating func deleteConnector(_ command: Command.DeleteConnector) throws(Refusal) -> Response {
        guard self.connectorsByName[command.connector] != nil else { throw .connectorNotFound(command.connector) }
        self.connectorsByName[command.connector] = nil
        return .done
    }
}
