import Foundation

/// The process's environment variables.
enum ProcessEnvironment {
    static subscript(_ name: String) -> String? { ProcessInfo.processInfo.environment[name] }
}
