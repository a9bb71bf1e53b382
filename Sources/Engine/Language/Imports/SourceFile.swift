/// A file of a program.
public struct SourceFile: Hashable, Sendable {
    /// As it is shown to people, and what the paths of its imports are relative to.
    public let path: String
    public let text: String

    public init(path: String, text: String) {
        self.path = path
        self.text = text
    }
}

/// Gives the text of the file at a path, or says why it cannot.
public typealias ImportReading = (String) -> Result<String, ImportFailure>

/// A file that cannot be imported.
public struct ImportFailure: Error, Sendable {
    public let message: String

    public init(message: String) { self.message = message }
}
