import ClusterState
import Testing

@Suite("Rules about connectors")
struct ConnectorRulesTests {
    @Test("a connector is created once; an identical repetition is no offence")
    func create() {
        var log = Log()
        #expect(log.apply(.connector("c", .create)) == .connector("c", created: true))
        #expect(log.apply(.connector("c", .create)) == .connector("c", created: false))
        #expect(log.apply(.connector("c", .create, host: "other")) == .refused(.connectorExists("c")))
        #expect(log.state.connector("c")?.parameters.first?.value == .plain("h"))
        #expect(log.apply(.connector("", .create)) == .refused(.invalid("the connector needs a name")))
    }

    @Test("only what exists is updated or deleted")
    func updateAndDelete() {
        var log = Log()
        #expect(log.apply(.connector("c", .update)) == .refused(.connectorNotFound("c")))
        log.apply(.connector("c", .create))
        #expect(log.apply(.connector("c", .update, host: "other")) == .connector("c", created: false))
        #expect(log.state.connector("c")?.parameters.first?.value == .plain("other"))
        #expect(log.apply(.deleteConnector("c")) == .done)
        #expect(log.apply(.deleteConnector("c")) == .refused(.connectorNotFound("c")))
        #expect(log.state.connectors.isEmpty)
    }
}
