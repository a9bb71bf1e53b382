public import ArgumentParser
import Foundation
import Security

/// Where a command has an API key from: a flag, a file, or the environment.
public enum APIKey {
    /// - Parameter name: What the flags and variables begin with: `api-key` and `VARPULIS_API_KEY`.
    public static func resolve(
        _ key: String?,
        file: String?,
        name: String = "api-key"
    ) throws(ValidationError) -> String? {
        let variable = "VARPULIS_\(name.uppercased().replacing("-", with: "_"))"
        let environment = ProcessInfo.processInfo.environment
        guard key == nil || file == nil else { throw ValidationError("Give --\(name) or --\(name)-file, not both.") }
        if let key { return try self.checked(key) }
        if let file { return try self.read(file) }
        if let key = environment[variable] { return try self.checked(key) }
        return try environment["\(variable)_FILE"].map { file throws(ValidationError) in try self.read(file) }
    }

    private static func checked(_ key: String) throws(ValidationError) -> String {
        if key.isEmpty { throw ValidationError("The API key is empty.") }
        guard KeyText.isValid(key) else {
            throw ValidationError(
                "An API key is printable ASCII without blanks, \(KeyText.byteCountMax) bytes at most."
            )
        }
        return key
    }

    private static func read(_ file: String) throws(ValidationError) -> String {
        do throws(FileError) { return try KeyText.read(file) } catch { throw ValidationError(error.description) }
    }
}
