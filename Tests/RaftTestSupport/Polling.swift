/// Whether `condition` comes true before the time is up. Looks again and again: what it waits for has no event of its
/// own that a test could await.
public func eventually(
    within patience: Duration = .seconds(30),
    _ condition: () async throws -> Bool
) async rethrows -> Bool {
    let deadline = ContinuousClock.now + patience
    while true {
        if try await condition() { return true }
        if ContinuousClock.now >= deadline || Task.isCancelled { return false }
        try? await Task.sleep(for: .milliseconds(5))  // ends early only when the task does
    }
}
