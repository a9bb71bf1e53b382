/// Puts the lines of a program under each other: their indentation, the comments between them, and blank lines.
struct ProgramFormatter {
    private let lines: [LineLayout.Line]
    private let end: Lexeme
    /// The indentation of top-level statements.
    private var margin = 0
    private var result = ""
    /// The columns in which the lines around the current place began in the source, and how they are indented now.
    private var levels: [(column: Int, indentation: Int)] = []
    /// Whether the line before opened a block or a loop, or there is none, so that no blank line follows.
    private var isAtStart = true

    static func text(of lexemes: [Lexeme]) -> String {
        var layout = LineLayout(lexemes)
        var formatter = ProgramFormatter(lines: layout.lines(), end: lexemes[layout.index])
        formatter.run()
        return formatter.result
    }

    private init(lines: [LineLayout.Line], end: Lexeme) {
        self.lines = lines
        self.end = end
        // A loop at run time must not come to the margin, where it would be written out.
        let isLoop = lines.contains { line in
            guard line.first.text == "for", line.first.line?.depth == 0 else { return false }
            let text = DocumentPrinter.text(of: line.document, indentation: 0)
            return DeclarationLoop(header: Array(text.utf8)[...]) != nil
        }
        if isLoop, !lines.contains(where: { $0.first.loopDepth > 0 }) { self.margin = DocumentPrinter.indentationWidth }
    }

    private mutating func run() {
        var start = 0
        var wasLong = false
        var loopDepth = 0
        while start < self.lines.count {
            let rest = self.lines[(start + 1)...]
            let end = rest.firstIndex { $0.first.line == Outline.Line(kind: .statement, depth: 0) } ?? self.lines.count
            let texts = self.lines[start..<end].map { line in
                DocumentPrinter.text(of: line.document, indentation: self.indentation(of: line.first))
            }
            let isLong = texts.count > 1 || texts[0].contains("\n")
            let first = self.lines[start].first
            let isInSameLoop = first.loopDepth == loopDepth && first.loops.isEmpty
            self.append(first, texts[0], isApart: start > 0 && (isLong || wasLong || !isInSameLoop))
            for (line, text) in zip(self.lines[(start + 1)..<end], texts.dropFirst()) { self.append(line.first, text) }
            wasLong = isLong
            loopDepth = first.loopDepth
            start = end
        }
        self.append(self.end.leads, before: self.margin, isApart: false, keepsBlankLines: true)
    }

    private func indentation(of lexeme: Lexeme) -> Int {
        let line = lexeme.line ?? Outline.Line(kind: .statement, depth: 0)
        return self.margin + (lexeme.loopDepth + line.depth) * DocumentPrinter.indentationWidth
    }

    /// Adds a line and what stands before it, with a blank line if it is to be apart from what came before.
    private mutating func append(_ first: Lexeme, _ text: String, isApart: Bool = false) {
        let indentation = self.indentation(of: first)
        let isStage = first.line?.kind == .stage
        let next = self.nextIndentation(in: first.leads[...]) ?? indentation
        if !isStage, let last = self.levels.last, last.indentation < next { self.isAtStart = true }
        let mustBeApart = self.append(
            first.leads,
            before: indentation,
            isApart: isApart,
            keepsBlankLines: !isStage
        )
        self.separate(mustBeApart || !isStage && first.isAfterBlankLine)
        self.result += text + "\n"
        self.enter(column: first.isFirstOnLine ? first.location.column : nil, indentation: indentation)
    }

    /// Adds what stands before a line of some indentation; says whether a blank line has still to follow.
    @discardableResult
    private mutating func append(
        _ leads: [Lexeme.Lead],
        before indentation: Int,
        isApart: Bool,
        keepsBlankLines: Bool
    ) -> Bool {
        var mustBeApart = isApart
        for (index, lead) in leads.enumerated() {
            switch lead {
            case .comment(let comment):
                let next = self.nextIndentation(in: leads[(index + 1)...]) ?? indentation
                let level = self.levels.filter { $0.indentation > next && $0.column <= comment.column }
                    .map(\.indentation).max()
                self.separate(keepsBlankLines && comment.isAfterBlankLine || level == nil && mustBeApart)
                if level == nil { mustBeApart = false }
                self.result += String(repeating: " ", count: level ?? next) + comment.text + "\n"
            case .loop(let header, let isAfterBlankLine):
                let column = self.margin + header.depth * DocumentPrinter.indentationWidth
                self.separate(mustBeApart || isAfterBlankLine)
                mustBeApart = false
                self.result += String(repeating: " ", count: column) + header.text + "\n"
                self.enter(column: header.column, indentation: column)
                self.isAtStart = true
            }
        }
        return mustBeApart
    }

    private func nextIndentation(in leads: ArraySlice<Lexeme.Lead>) -> Int? {
        for case .loop(let header, _) in leads {
            return self.margin + header.depth * DocumentPrinter.indentationWidth
        }
        return nil
    }

    /// A blank line where one is wanted and there is none yet.
    private mutating func separate(_ isWanted: Bool) {
        if isWanted, !self.isAtStart { self.result += "\n" }
        self.isAtStart = false
    }

    private mutating func enter(column: Int?, indentation: Int) {
        self.levels.removeAll { $0.indentation >= indentation }
        // What is not the first of its line stands deeper than the line does.
        let column = column ?? (self.levels.last?.column ?? 0) + 1
        self.levels.append((column, indentation))
    }
}
