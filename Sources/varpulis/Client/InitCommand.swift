import ArgumentParser
import Foundation

/// `varpulis init`
struct InitCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "init",
        abstract: "Write a .varpulis.toml, which names the worker of this folder's programs.",
        discussion: """
              varpulis init --server http://10.0.0.7:9000 --api-key KEY

            Commands that talk to a worker find it in this folder and below. The file is readable by its owner alone, as \
            it may hold a key; keep it out of repositories.

            Exit codes: 0 done, 1 there is one already, 2 wrong usage.
            """
    )

    @Option(help: "The worker (default http://127.0.0.1:9000).")
    var server = "http://127.0.0.1:9000"
    @Option(help: "Its key, or a tenant's.")
    var apiKey: String?

    func run() throws {
        let settings = ClientSettings(url: self.server, apiKey: self.apiKey)
        let file = open(ClientSettings.fileName, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard file >= 0 else {
            let reason = errno == EEXIST ? "is here already" : "cannot be written: \(String(cString: strerror(errno)))"
            throw FileFailure(description: "\(ClientSettings.fileName) \(reason)")
        }
        let handle = FileHandle(fileDescriptor: file, closeOnDealloc: true)
        try handle.write(contentsOf: Data(settings.text.utf8))
        StandardStream.output.write("Wrote \(ClientSettings.fileName)\n")
    }
}
