internal import HashTreeCollections

extension ClusterState {
    mutating func putConnector(_ command: Command.PutConnector) throws(Refusal) -> Response {
        let connector = command.connector
        let name = connector.name
        if name.rawValue.isEmpty { throw .invalid("the connector needs a name") }
        switch (command.mode, self.connectorsByName[name]) {
        case (.create, let existing?):
            guard existing == connector else { throw .connectorExists(name) }
            return .connector(name, created: false)
        case (.update, nil):
            throw .connectorNotFound(name)
        case (.create, nil):
            self.connectorsByName[name] = connector
            return .connector(name, created: true)
        case (.update, .some):
            self.connectorsByName[name] = connector
            return .connector(name, created: false)
        }
    }

    mutating func deleteConnector(_ command: Command.DeleteConnector) throws(Refusal) -> Response {
        guard self.connectorsByName[command.connector] != nil else { throw .connectorNotFound(command.connector) }
        self.connectorsByName[command.connector] = nil
        return .done
    }
}
