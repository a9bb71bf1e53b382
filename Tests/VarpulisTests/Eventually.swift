import Foundation

private struct NotInTime: Error { let text: String }

/// What comes of `look`, as soon as that is something.
func eventually<Found>(_ text: String, _ look: () throws -> Found?) async throws -> Found {
    let end = ContinuousClock.now + .seconds(60)
    while ContinuousClock.now < end {
        if let found = try look() { return found }
        try await Task.sleep(for: .milliseconds(20))
    }
    throw NotInTime(text: text)
}

extension RunningCommand {
    /// The port on which a server listens that was given 0.
    func port() async throws -> Int {
        try await eventually("a port") {
            guard let place = try self.errors.firstRange(of: "listening on 127.0.0.1:") else { return nil }
            let digits = try self.errors[place.upperBound...].prefix { $0.isNumber }
            return Int(digits)
        }
    }
}
