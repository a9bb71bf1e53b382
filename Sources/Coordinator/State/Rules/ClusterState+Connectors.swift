extension ClusterState {
    mutating func putConnector(_ command: Command.PutConnector) throws(Refusal) -> Response {
        let connector = command.connector
        let name = connector.name
        if name.rawValue.isEmpty { throw .invalid("the connector needs a name") }
        switch command.mode {
        case .create:
            guard let existing = self.connectorsByName.add(connector, named: name) else {
                return .connector(name, created: true)
            }
            guard existing == connector else { throw .connectorExists(name) }
        case .update:
            guard self.connectorsByName.replace(connector, named: name) else { throw .connectorNotFound(name) }
        }
        return .connector(name, created: false)
    }

    mutating func deleteConnector(_ command: Command.DeleteConnector) throws(Refusal) -> Response {
        guard self.connectorsByName.remove(command.connector) else { throw .connectorNotFound(command.connector) }
        return .done
    }
}
