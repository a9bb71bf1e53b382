import ArgumentParser
import ClusterAPI
import Worker

/// Which worker to ask, and how to show the answer.
struct WorkerOptions: ParsableArguments {
    @Option(
        name: [.long, .customLong("url")],
        help: ArgumentHelp(
            "The worker to ask (or VARPULIS_SERVER, or `url` in the nearest .varpulis.toml).",
            valueName: "url"
        )
    )
    var server: String?
    @Option(help: "Its key, or a tenant's (or VARPULIS_API_KEY, or `api_key` in that file).")
    var apiKey: String?
    @Flag(help: "Print the answer as JSON.")
    var json = false

    static let exitCodes = """
        The worker and its key are those of the flags, or else of the environment, or else of the nearest .varpulis.toml \
        in this folder or above (varpulis init writes one).

        Exit codes: 0 done, 1 refused (with the reason) or no worker named, 2 wrong usage, 69 no worker answers.
        """

    /// What flags, environment and file say, in this order.
    func settings() throws -> ClientSettings {
        var settings = try ClientSettings.nearest()
        settings.url = self.server ?? ProcessEnvironment["VARPULIS_SERVER"] ?? settings.url
        settings.apiKey = self.apiKey ?? ProcessEnvironment["VARPULIS_API_KEY"] ?? settings.apiKey
        return settings
    }

    private func client() throws -> WorkerClient {
        let settings = try self.settings()
        guard let url = settings.url else {
            StandardStream.error.write(
                "Error: no worker named. Give --server, VARPULIS_SERVER or a .varpulis.toml (varpulis init).\n"
            )
            throw ExitCode.failure
        }
        return WorkerClient(url: url, apiKey: settings.apiKey)
    }

    /// Asks, and ends the process with a sentence and the fitting code if there is no answer.
    func ask<Answer: Decodable>(
        _ method: WorkerClient.Method,
        _ path: String,
        _ body: (any Encodable & Sendable)? = nil,
        for type: Answer.Type = Answer.self
    ) async throws -> Answer {
        let client = try self.client()
        return try await Self.explaining { try await client.ask(method, "/api/v1" + path, body, for: type) }
    }

    /// The same for what is streamed.
    func follow(_ path: String, _ body: (String) throws -> Void) async throws {
        let client = try self.client()
        try await Self.explaining { try await client.follow("/api/v1" + path, body) }
    }

    private static func explaining<Answer>(_ body: () async throws -> Answer) async throws -> Answer {
        do {
            return try await body()
        } catch let refusal as ErrorBody {
            StandardStream.error.write(refusal.text)
            throw ExitCode.failure
        } catch let unavailable as WorkerClient.Unavailable {
            StandardStream.error.write("Error: \(unavailable).\n")
            throw ExitCode.unavailable
        }
    }

    func show(_ answer: some Encodable, _ text: @autoclosure () -> String) throws {
        if self.json {
            StandardStream.output.write(try APIJSON.encode(answer) + Array("\n".utf8))
        } else {
            StandardStream.output.write(text())
        }
    }
}
