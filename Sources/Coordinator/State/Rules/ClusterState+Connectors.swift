internal import HashTreeCollections

extension ClusterState {
    mutating func putConnector(_ command: Command.PutConnector) throws(Refusal) -> Response {
        let connector = command.connector
        if connector.name.rawValue.isEmpty { throw .invalid("the connector needs a name") }
        switch (command.mode, self.connectorsByName[connector.name]) {
        case (.create, let existing?):
            guard existing.canonicalBytes == connector.canonicalBytes else { throw .connectorExists(connector.name) }
            return .connector(connector.name, created: false)
        case (.update, nil):
            throw .connectorNotFound(connector.name)
        case (.create, nil):
            self.connectorsByName[connector.name] = connector
            return .connector(connector.name, created: true)
        case (.update, .some):
            self.connectorsByName[connector.name] = connector
            return .connector(connector.name, created: false)
        }
    }

    mutating func deleteConnector(_ command: Command.DeleteConnector) throws(Refusal) -> Response {
        guard self.connectorsByName[command.connector] != nil else { throw .connectorNotFound(command.connector) }
        self.connectorsByName[command.connector] = nil
        return .done
    }
}
