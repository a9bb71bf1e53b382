import ClusterAPI
import Testing

@testable import Coordinator

@Suite("The output of a batch")
struct BatchInjectionTests {
    @Test("is kept from its beginning up to a bound, and counted beyond it")
    func outputs() {
        let event: [String: JSONValue] = ["event_type": .string("Out"), "n": .integer(1)]
        let byteCount = JSONValue.object(event).text.utf8.count
        let bytesMax = 3 * byteCount + 1
        var outcome = BatchInjection.Outcome()
        outcome.keep([event, event], bytesMax: bytesMax)
        #expect(outcome.outputs.map(\.event) == [event, event])
        #expect(outcome.outputs.map(\.byteCount) == [byteCount, byteCount])
        #expect(outcome.outputsLeftOut == 0)
        outcome.keep(Array(repeating: event, count: 10), bytesMax: bytesMax)
        #expect(outcome.outputs.count == 3 && outcome.outputsLeftOut == 9)
        // Nothing that would fit comes behind what is left out.
        outcome.keep([[:]], bytesMax: bytesMax)
        #expect(outcome.outputs.count == 3 && outcome.outputsLeftOut == 10)
    }
}
