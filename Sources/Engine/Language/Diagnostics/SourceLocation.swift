/// A place in a program's text: lines and columns are 1-based and columns count Unicode scalars.
public struct SourceLocation: Hashable, Comparable, Sendable {
    /// The file among those of the program: 0 for the one that imports the others.
    public let file: Int
    public let line: Int
    public let column: Int

    public init(file: Int = 0, line: Int, column: Int) {
        self.file = file
        self.line = line
        self.column = column
    }

    public static func < (left: SourceLocation, right: SourceLocation) -> Bool {
        (left.file, left.line, left.column) < (right.file, right.line, right.column)
    }
}
