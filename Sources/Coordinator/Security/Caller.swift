/// Who asks, as far as their key tells.
struct Caller: Hashable, Sendable {
    var role: Role
}
