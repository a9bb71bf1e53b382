public import ArgumentParser
import Foundation

/// How many requests a client may make, as a flag and a variable say.
public enum RateLimit {
    private static let perSecondMax = 1_000_000

    /// Nil for no limit, which 0 stands for too.
    public static func resolve(_ flag: Int?, variable: String) throws(ValidationError) -> Int? {
        var limit = flag ?? 0
        if flag == nil, let text = ProcessInfo.processInfo.environment[variable] {
            guard let number = Int(text) else { throw ValidationError("\(variable) is not a number: \(text)") }
            limit = number
        }
        guard (0...Self.perSecondMax).contains(limit) else {
            throw ValidationError("--rate-limit is 0 (no limit) to \(Self.perSecondMax) requests a second.")
        }
        return limit == 0 ? nil : limit
    }
}
