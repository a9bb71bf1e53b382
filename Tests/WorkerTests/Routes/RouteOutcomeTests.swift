import MQTT
import Testing

@testable import Worker

@Suite struct RouteOutcomeTests {
    private static func refusal(_ reason: UInt8?) -> MQTTError {
        MQTTError(.refused, "no", reason: reason.map { MQTTError.ReasonCode(rawValue: $0) })
    }

    @Test(arguments: [0x80, 0x83, 0x89, 0x97] as [UInt8])
    func `what a broker refuses for now is not given up, if it comes again`(reason: UInt8) {
        #expect(RouteOutcome(Self.refusal(reason), comesAgain: true) == .postponed("no"))
        #expect(RouteOutcome(Self.refusal(reason), comesAgain: false) == .refused("no"))
    }

    @Test(arguments: [nil, 0x87, 0x90, 0x95, 0x99] as [UInt8?])
    func `what it refuses for good is given up`(reason: UInt8?) {
        for comesAgain in [true, false] {
            #expect(RouteOutcome(Self.refusal(reason), comesAgain: comesAgain) == .refused("no"))
        }
    }

    @Test func `what did not get there is lost, and what nobody can take is not`() {
        #expect(RouteOutcome(nil, comesAgain: true) == .arrived)
        #expect(RouteOutcome(MQTTError(.closed, "no"), comesAgain: false) == .cutOff)
        #expect(RouteOutcome(MQTTError(.connectionLost, "no"), comesAgain: true) == .postponed("no"))
        #expect(RouteOutcome(MQTTError(.connectionLost, "no"), comesAgain: false) == .refused("no"))
        #expect(RouteOutcome(MQTTError(.invalid, "no"), comesAgain: true) == .refused("no"))
        for lost in [RouteOutcome.cutOff, .postponed("no")] { #expect(lost.isLost) }
        for settled in [RouteOutcome.arrived, .refused("no")] { #expect(!settled.isLost) }
    }
}

@Suite struct SinkGuardTests {
    @Test func `failures that say nothing of those that follow keep no circuit open`() throws {
        let folder = try TemporaryFolder()
        let progress = PipelineProgress(sourceConnectors: [], onPhaseChange: {})
        let sinkGuard = SinkGuard(
            connector: "C",
            deadLetters: DeadLetters(path: "\(folder.path)/dead"),
            progress: progress,
            logger: TestWorker.quiet
        )
        for _ in 0..<10 {
            #expect(sinkGuard.admits([], for: "t"))
            sinkGuard.failed("no", Array("{}".utf8), for: "t", opensCircuit: false)
            sinkGuard.postponed("not now", for: "t")
        }
        #expect(sinkGuard.trouble == nil)
        #expect(progress.counters.deliveriesFailed == 20)
        #expect(progress.counters.deadLetters == 10)
        for _ in 0..<CircuitBreaker.failuresMax { sinkGuard.failed("no", Array("{}".utf8), for: "t") }
        #expect(!sinkGuard.admits(Array("{}".utf8), for: "t"))
    }
}
