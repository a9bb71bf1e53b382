/// Makes documents of the lines of a program: of statements, of operations, and of what stands between brackets.
struct LineLayout {
    let lexemes: [Lexeme]
    private(set) var index = 0

    /// A line of the layout.
    struct Line {
        let first: Lexeme
        let document: Document
    }

    /// A token, or brackets with what is in them.
    private struct Element {
        let document: Document
        let first: Int
        let last: Int
    }

    init(_ lexemes: [Lexeme]) {
        self.lexemes = lexemes
    }

    private var current: Lexeme { self.lexemes[self.index] }

    /// The lines up to the end of the program, or up to the brace that closes a lambda's block.
    mutating func lines() -> [Line] {
        var lines: [Line] = []
        while self.current.kind != .end, !self.current.isClosing {
            let first = self.current
            let elements = self.elements(isBracketed: false)
            // What continues the head of a block is indented by two levels, to differ from the block.
            let opensBlock = elements.last.map { self.lexemes[$0.last].symbol == .colon } ?? false
            var document = self.document(elements[...], levels: opensBlock ? 2 : 1)
            if let last = elements.last { document = .list([document, self.trailing(last.last)]) }
            lines.append(Line(first: first, document: document))
        }
        return lines
    }

    private mutating func elements(isBracketed: Bool) -> [Element] {
        var elements: [Element] = []
        while self.current.kind != .end, !self.current.isClosing {
            if isBracketed, self.current.symbol == .comma { break }
            if !elements.isEmpty, self.current.line != nil || self.current.role == .entry { break }
            elements.append(self.element())
        }
        return elements
    }

    private mutating func element() -> Element {
        let first = self.index
        self.index += 1
        let lexeme = self.lexemes[first]
        guard lexeme.isOpening else { return Element(document: .text(lexeme.text), first: first, last: first) }
        let document = lexeme.role == .lambdaBlock ? self.lambdaBlock(first) : self.brackets(first)
        self.index += 1
        return Element(document: document, first: first, last: self.index - 1)
    }

    // MARK: - Operators

    /// Elements, broken at the operators that bind most weakly.
    private func document(_ elements: ArraySlice<Element>, levels: Int = 1) -> Document {
        let operators = elements.indices.dropFirst().compactMap { index -> (index: Int, rank: Int)? in
            guard case .binary(let rank) = self.lexemes[elements[index].first].role else { return nil }
            return (index, rank)
        }
        guard let weakest = operators.map(\.rank).min() else { return self.joined(elements, levels: levels) }
        let breaks = operators.filter { $0.rank == weakest }.map(\.index)
        var parts: [Document] = []
        for (position, index) in breaks.enumerated() {
            let end = position + 1 < breaks.count ? breaks[position + 1] : elements.endIndex
            parts.append(self.gap(elements[index - 1].last, elements[index].first, canBreak: true))
            parts.append(self.document(elements[index..<end]))
        }
        // What binds more strongly is broken one level deeper.
        let first = self.document(elements[elements.startIndex..<breaks[0]], levels: levels + 1)
        return .group(.list([first, Document.list(parts).nested(times: levels)]))
    }

    /// Elements on one line, but for comments that force breaks.
    private func joined(_ elements: ArraySlice<Element>, levels: Int) -> Document {
        var parts: [Document] = []
        for index in elements.indices {
            if index > elements.startIndex {
                let gap = self.gap(elements[index - 1].last, elements[index].first, canBreak: false)
                if gap.mustBreak {
                    let rest = self.joined(elements[index...], levels: 0)
                    return .list(parts + [Document.list([gap, rest]).nested(times: levels)])
                }
                parts.append(gap)
            }
            parts.append(elements[index].document)
        }
        return .list(parts)
    }

    // MARK: - Brackets

    /// Brackets whose opening one is `opening`; all its items are on one line, or each is on its own.
    private mutating func brackets(_ opening: Int) -> Document {
        let padding = Spacing.isPadded(self.lexemes[opening]) ? " " : ""
        var inner: [Document] = []
        var last = opening
        while !self.current.isClosing, self.current.kind != .end {
            inner.append(self.gap(last, self.index, canBreak: true, flat: last == opening ? padding : nil))
            let elements = self.elements(isBracketed: true)
            inner.append(self.document(elements[...]))
            last = elements.last?.last ?? last
            if self.current.symbol == .comma {
                inner += [self.gap(last, self.index, canBreak: false), .text(",")]
                last = self.index
                self.index += 1
            }
        }
        return self.closed(opening, inner, last: last, padding: padding)
    }

    private func closed(_ opening: Int, _ inner: [Document], last: Int, padding: String) -> Document {
        let closing = self.lexemes[self.index]
        let leads = self.leads(self.index)
        let trailing = self.trailing(last)
        let open = Document.text(self.lexemes[opening].text)
        if inner.isEmpty, leads.isEmpty, self.lexemes[last].after.last?.endsLine != true {
            return .list([open, trailing, .text(closing.text)])
        }
        let end: Document = .list([trailing] + leads.flatMap { [.hardLine, $0] })
        let line: Document =
            end.mustBreak || self.lexemes[last].after.last?.endsLine == true ? .hardLine : .softLine(flat: padding)
        return .group(.list([open, .nested(.list(inner + [end])), line, .text(closing.text)]))
    }

    /// A lambda's statements between braces: one that fits on a line stays there.
    private mutating func lambdaBlock(_ opening: Int) -> Document {
        let start = self.index
        let lines = self.lines()
        let last = self.index - 1
        let base = lines.first?.first.line?.depth ?? 0
        if lines.count == 1 {
            // The comments at the end of the line are part of the document.
            let gap = self.gap(opening, start, canBreak: true, flat: " ")
            return self.closedLambda(opening, [gap, lines[0].document], line: .softLine(flat: " "), last: last)
        }
        var inner: [Document] = lines.isEmpty ? [] : [self.trailing(opening)]
        for (position, line) in lines.enumerated() {
            let depth = line.first.line?.depth ?? base
            let opens = position == 0 || depth > lines[position - 1].first.line?.depth ?? base
            let above = line.first.leads.map { (self.document(of: $0), $0.isAfterBlankLine) }
            var parts: [Document] = []
            for (document, isAfterBlankLine) in above + [(line.document, line.first.isAfterBlankLine)] {
                if isAfterBlankLine, !parts.isEmpty || !opens { parts.append(.hardLine) }
                parts += [.hardLine, document]
            }
            inner.append(Document.list(parts).nested(times: depth - base))
        }
        guard !lines.isEmpty else { return self.closed(opening, [], last: opening, padding: "") }
        return self.closedLambda(opening, inner, line: .hardLine, last: last)
    }

    private func closedLambda(_ opening: Int, _ inner: [Document], line: Document, last: Int) -> Document {
        let leads = self.leads(self.index).flatMap { [Document.hardLine, $0] }
        let mustBreak = !leads.isEmpty || self.lexemes[last].after.last?.endsLine == true
        return .group(
            .list([
                .text(self.lexemes[opening].text), .nested(.list(inner + leads)), mustBreak ? .hardLine : line,
                .text(self.lexemes[self.index].text),
            ])
        )
    }

    // MARK: - Between tokens

    /// What stands between two tokens: a space or none, a line break, comments.
    private func gap(_ left: Int, _ right: Int, canBreak: Bool, flat: String? = nil) -> Document {
        let (a, b) = (self.lexemes[left], self.lexemes[right])
        var parts = [self.trailing(left)]
        let leads = self.leads(right)
        if !leads.isEmpty || a.after.last?.endsLine == true {
            parts += leads.flatMap { [.hardLine, $0] } + [.hardLine]
        } else {
            let needsSpace = Spacing.isNeeded(between: a, and: b)
            let hasComment = !a.after.isEmpty || !b.before.isEmpty && !a.isOpening
            let space = flat ?? (needsSpace || hasComment && b.symbol != .comma && !b.isClosing ? " " : "")
            parts.append(canBreak ? .softLine(flat: !a.after.isEmpty ? " " : space) : .text(space))
        }
        return .list(parts + [self.commentsBefore(right)])
    }

    private func commentsBefore(_ index: Int) -> Document {
        .list(self.lexemes[index].before.map { .text($0.text + " ") })
    }

    /// The comments after a token on its line.
    private func trailing(_ index: Int) -> Document {
        let lexeme = self.lexemes[index]
        return .list(
            lexeme.after.enumerated().map { position, comment in
                let space = comment.endsLine ? "  " : position == 0 && lexeme.isOpening ? "" : " "
                return .text(space + comment.text)
            }
        )
    }

    private func leads(_ index: Int) -> [Document] { self.lexemes[index].leads.map(self.document(of:)) }

    private func document(of lead: Lexeme.Lead) -> Document {
        switch lead {
        case .comment(let comment): .text(comment.text)
        case .loop(let header, _): .text(header.text)
        }
    }
}
