import Foundation

/// A password file as mosquitto reads it, made by the program that comes with the broker.
enum Passwords {
    static func file(user: String, password: String) throws -> String {
        let file = FileManager.default.temporaryDirectory.appending(path: "passwords-\(UUID())")
        try "\(user):\(password)\n".write(to: file, atomically: true, encoding: .utf8)
        defer { try? FileManager.default.removeItem(at: file) }
        // -U hashes the passwords of a plain file in place.
        let process = try Process.run(URL(filePath: "/usr/bin/mosquitto_passwd"), arguments: ["-U", file.path])
        process.waitUntilExit()
        return try String(contentsOf: file, encoding: .utf8)
    }
}
