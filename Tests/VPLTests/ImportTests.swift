import Testing

@testable import VPL

/// `import`: other files' statements before one's own.
@Suite("Imports")
struct ImportTests {
    private func check(_ path: String, _ files: [String: String], depth: Int = 0) -> CheckResult {
        VPL.check(
            SourceFile(path: path, text: files[path] ?? ""),
            reading: { path in
                files[path].map { .success($0) } ?? .failure(ImportFailure(message: "cannot read \(path)"))
            }
        )
    }

    private func found(_ result: CheckResult) -> [String] {
        result.errors.map { "\(result.files[$0.location.file].path):\($0.line):\($0.column) \($0.message)" }
    }

    @Test("put statements before those of the file, each file's once")
    func order() throws {
        let files = [
            "main.vpl": "import \"lib/a.vpl\"\nimport \"lib/b.vpl\" as b\nstream S = E.where(v > limit).emit(v: v)",
            "lib/a.vpl": "import \"../lib/./b.vpl\"\nevent E:\n    v: int",
            "lib/b.vpl": "let limit = 5\nimport \"../main.vpl\"",
        ]
        let result = self.check("main.vpl", files)
        #expect(self.found(result) == [])
        #expect(result.diagnostics.isEmpty)
        #expect(result.files.map(\.path) == ["main.vpl", "lib/a.vpl", "lib/b.vpl"])
        let kinds = try #require(result.program).program.statements.map { statement in
            switch statement.kind {
            case .importFile(let path, _): "import \(path)"
            case .variable: "let"
            case .event: "event"
            default: "stream"
            }
        }
        #expect(
            kinds == [
                "let", "import ../main.vpl", "import ../lib/./b.vpl", "event", "import lib/a.vpl", "import lib/b.vpl",
                "stream",
            ]
        )
    }

    @Test("findings name the file, those of the program itself first")
    func findings() {
        let files = [
            "dir/main.vpl": "import \"a.vpl\"\nimport \"absent.vpl\"\nstream S = E.to(Nowhere)",
            "dir/a.vpl": "event E:\n    v: int\nlet x = nothing(1)\nstream S = E.where(1)",
        ]
        let result = self.check("dir/main.vpl", files)
        #expect(
            self.found(result) == [
                "dir/main.vpl:2:1 cannot read dir/absent.vpl",
                "dir/main.vpl:3:8 the stream `S` is declared twice",
                "dir/main.vpl:3:17 the connector `Nowhere` is not declared",
                "dir/a.vpl:3:9 there is no function `nothing`",
                "dir/a.vpl:4:20 a condition is a bool, not a constant of another type",
            ]
        )
        let text = result.errors.last.map { DiagnosticRenderer(result.files).text(of: $0) } ?? ""
        #expect(text.contains("dir/a.vpl:4:20: error[E060]"))
        #expect(text.contains("4 | stream S = E.where(1)\n"))
    }

    @Test("go only so deep, and not at all for a program without files")
    func limits() {
        var files: [String: String] = [:]
        for number in 0..<20 { files["\(number).vpl"] = "import \"\(number + 1).vpl\"" }
        #expect(self.found(self.check("0.vpl", files)) == ["10.vpl:1:1 files import each other more than 10 deep"])
        let alone = VPL.check("import \"x.vpl\"\nlet a = 1")
        #expect(alone.errors.map(\.line) == [1])
        #expect(alone.errors.first?.message.contains("cannot import") ?? false)
    }

    @Test("syntax errors in an imported file do not hide those of the program")
    func syntax() {
        let files = ["main.vpl": "import \"a.vpl\"\nstream = 5", "a.vpl": "let = 3"]
        #expect(
            self.found(self.check("main.vpl", files)).map { String($0.prefix(12)) } == ["main.vpl:2:8", "a.vpl:1:5 ex"]
        )
    }
}
