import Testing

@testable import Worker

@Suite struct AttentionTests {
    @Test func `a call is kept until somebody waits, and many are one`() async {
        let attention = Attention()
        attention.call()
        attention.call()
        let took = await ContinuousClock().measure { await attention.next(within: .seconds(60)) }
        #expect(took < .seconds(30))
        let waited = await ContinuousClock().measure { await attention.next(within: .milliseconds(30)) }
        #expect(waited >= .milliseconds(30))
    }

    @Test func `who waits is called, and a wait that was given up takes no call away`() async {
        let attention = Attention()
        let given = Task { await attention.next(within: .seconds(600)) }
        given.cancel()
        await given.value
        let waiting = Task { await attention.next(within: .seconds(600)) }
        attention.call()
        await waiting.value
    }
}
