import ArgumentParser
import Logging
import Testing
import Worker

@testable import WorkerCommand

@Suite struct ServerCommandTests {
    private static func configuration(_ arguments: [String]) throws -> WorkerConfiguration {
        try ServerCommand.parse(arguments).workerConfiguration()
    }

    @Test func `flags become a configuration`() throws {
        let configuration = try Self.configuration([
            "-p", "9001", "--bind", "10.1.2.3", "--api-key", "k", "--coordinator", "http://a:1, https://b:2,",
            "--worker-id", "w", "--advertise-address", "http://c:3", "--state-dir", "/s", "--log-level", "error",
        ])
        #expect(configuration.port == 9001)
        #expect(configuration.bind == "10.1.2.3")
        #expect(configuration.apiKey == "k")
        #expect(configuration.coordinators == ["http://a:1", "https://b:2"])
        #expect(configuration.workerID == "w")
        #expect(configuration.advertiseAddress == "http://c:3")
        #expect(configuration.stateDirectory == "/s")
        #expect(configuration.logger.logLevel == .error)
    }

    @Test(arguments: [
        ["--bind", "0.0.0.0"], ["--bind", "localhost"], ["--bind", "::"], ["--api-key", ""], ["--port", "70000"],
        ["--coordinator", "10.0.0.1:9100"], ["--worker-id", "a/b"], ["--log-level", "loud"],
        ["--max-pipelines", "0"],
    ])
    func `what is unsafe or cannot work is refused with a sentence`(arguments: [String]) {
        #expect(throws: ValidationError.self) { try Self.configuration(arguments) }
    }

    @Test(arguments: [["--bind", "127.0.0.2"], ["--bind", "::1"], ["--bind", "0.0.0.0", "--api-key", "k"]])
    func `loopback needs no key, and a key opens the rest`(arguments: [String]) throws {
        #expect(try Self.configuration(arguments).bind == arguments[1])
    }
}
