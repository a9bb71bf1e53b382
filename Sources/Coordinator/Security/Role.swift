/// What callers may do; each role may do what the ones before it may.
enum Role: UInt8, Comparable, Sendable {
    case viewer = 1
    case `operator`
    case admin

    static func < (a: Role, b: Role) -> Bool { a.rawValue < b.rawValue }

    /// A role by any of its names, in capitals or not.
    init?(named name: String) {
        switch name.lowercased() {
        case "viewer", "read", "readonly": self = .viewer
        case "operator", "write", "deploy": self = .operator
        case "admin", "root", "superadmin": self = .admin
        default: return nil
        }
    }

    /// The name that is shown.
    var name: String {
        switch self {
        case .viewer: "viewer"
        case .operator: "operator"
        case .admin: "admin"
        }
    }
}
