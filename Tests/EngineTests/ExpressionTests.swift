import Engine
import Testing

@Suite("Expressions")
struct ExpressionTests {
    private static let fields: Fields = [
        "i": 7, "f": 2.5, "s": "héllo", "t": true, "n": .null, "a": .array([3, 1, 2]),
        "m": .map(["k": 1, "E": .map(["i": 99])]), "z": 0, "big": .int(.max), "small": .int(.min), "nan": .float(.nan),
    ]

    @Test(
        "have the value written beside them",
        arguments: [
            ("i + 1", "8"), ("i / 2", "3"), ("-i / 2", "-3"), ("-i % 4", "-3"), ("i / 2.0", "3.5"),
            ("big + 1", "\(Int64.min)"),
            ("small / -1", "\(Int64.min)"), ("small % -1", "0"), ("-small", "\(Int64.min)"),
            ("-9223372036854775808", "\(Int64.min)"), ("2 ** 62 * 2", "\(Int64.min)"), ("2 ** 64", "0"),
            ("i & 3", "3"), ("i | 8", "15"), ("i ^ 2", "5"), ("~i", "-8"), ("1 << 63", "\(Int64.min)"),
            ("small >> 63", "-1"), ("1 | 2 == 3", "true"), ("1 + 2 << 1", "6"),
            ("i in a", "false"), ("2.0 in a", "true"), ("\"k\" in m", "true"), ("5 not in a", "true"),
            ("i is int", "true"), ("i is float", "false"), ("n is null", "true"), ("absent is null", "true"),
            ("i is 7", "true"), ("i is 7.0", "false"), ("s is str", "true"), ("m is map", "true"),
            ("a[-1]", "2"), ("s[1]", "é"), ("s[-2:]", "lo"), ("s[:-3]", "hé"), ("a[5:9]", "[]"), ("a[2:1]", "[]"),
            ("1..4", "[1, 2, 3]"), ("1..=3", "[1, 2, 3]"), ("3..1", "[]"), ("m.k", "1"), ("m?.q", "null"),
            ("E.i", "7"), ("m.E.i", "99"), ("absent ?? n ?? i", "7"), ("if t then 1 else 2", "1"),
            ("if i then 1 else 2", "2"), ("f > 2 and absent > 1 or t", "true"), ("nan == nan", "true"),
            ("nan < 1", "false"), ("big == 9223372036854775807.0", "false"), ("big < 9223372036854775808.0", "true"),
            ("5m", "5m"), ("90s", "1m"), ("@2026-01-02", "@2026-01-02T00:00:00Z"),
            ("@2026-01-02T03:04:05+01:30", "@2026-01-02T01:34:05Z"), ("@2026-01-02 + 1d", "@2026-01-03T00:00:00Z"),
            ("@2026-01-02 - @2026-01-01", "1d"), ("@2026-01-01 - @2026-01-02", "0ns"), ("1h > 59m", "true"),
            ("{ \"a\": 1, b: absent, c: [\"x\"] }", "{a: 1, c: [\"x\"]}"), ("timestamp", "@1970-01-01T00:00:01Z"),
            ("\"{i} {s} {m.k} {m.q} {absent} {n} { i}\"", "7 héllo 1 {m.q} {absent} {n} { i}"),
            ("\"\\u{e9}\\u{7b}i}\\q\\\\\"", "é{i}\\q\\"), ("not (i > 1)", "false"), ("in_range", "9"),
            ("-2 ** 2", "-4"),
        ]
    )
    func value(expression: String, expected: String) throws {
        let value = try evaluate(expression, Self.fields, declarations: "let in_range = 9")
        #expect(value?.text == expected)
    }

    @Test(
        "are missing where they have no value",
        arguments: [
            "absent", "absent + 1", "i / 0", "i % 0", "f / 0", "f % z", "i + s", "t + t", "n + 1", "t < true", "n < 1",
            "a < a", "s < 1", "i << 64", "i >> -1", "f & 1", "~f", "-s", "not i", "a[3]", "a[-4]", "s[99]", "m[\"q\"]",
            "m.q", "i.q", "1 in i", "absent in a", "if absent then 1 else 2", "t and absent", "f or absent", "1..f",
            "1..9223372036854775807", "i is int and absent is int", "s + 1", "5m + 1",
        ]
    )
    func missing(expression: String) throws {
        #expect(try evaluate(expression, Self.fields) == Value?.none)
    }
}

@Suite("Built-in functions")
struct BuiltinTests {
    private static let fields: Fields = [
        "a": .array([3, "x", 1, 2.5, 1]), "m": .map(["k": 1, "l": 2]), "s": " Straße ", "n": .null, "min": .int(.min),
    ]

    @Test(
        "give the value written beside them",
        arguments: [
            ("abs(-3)", "3"), ("abs(min)", "\(Int64.min)"), ("sqrt(9)", "3"), ("log(1)", "0"), ("log10(1000)", "3"),
            ("exp(0)", "1"), ("sin(0)", "0"), ("cos(0)", "1"), ("tan(0)", "0"), ("floor(-2.5)", "-3"),
            ("ceil(2.1)", "3"), ("round(-2.5)", "-3"), ("round(1e30)", "\(Int64.max)"),
            ("floor(-1e30)", "\(Int64.min)"),
            ("round(sqrt(-1))", "0"), ("pow(2, 10)", "1024"), ("pow(2, -1)", "0.5"), ("min(1, 2)", "1"),
            ("max(1, 2.5)", "2.5"), ("clamp(9, 1, 5)", "5"), ("clamp(0, 1, 5)", "1"), ("len(s)", "8"), ("len(m)", "2"),
            ("first(a)", "3"), ("last(a)", "1"), ("push([1], 2)", "[1, 2]"), ("pop([1, 2])", "[1]"),
            ("reverse([1, 2])", "[2, 1]"), ("reverse(\"añb\")", "bña"), ("sort([3, 1, 2])", "[1, 2, 3]"),
            ("sort([\"b\", \"a\"])", "[\"a\", \"b\"]"), ("unique([1, 1.0, 2])", "[1, 2]"),
            ("flatten([[1], 2, [[3]]])", "[1, 2, [3]]"), ("zip([1, 2], [\"a\"])", "[[1, \"a\"]]"),
            ("concat(\"a\", \"b\", \"c\")", "abc"), ("concat([1], [2])", "[1, 2]"), ("contains(m, \"k\")", "true"),
            ("keys(m)", "[\"k\", \"l\"]"), ("values(m)", "[1, 2]"), ("get(m, \"k\")", "1"), ("get([5], 0)", "5"),
            ("set([1, 2], 1, 9)", "[1, 9]"), ("set([1], 4, 9)", "[1]"), ("set(m, \"k\", 9)", "{k: 9, l: 2}"),
            ("range(3)", "[0, 1, 2]"), ("range(1, 3)", "[1, 2]"), ("sum(a)", "7.5"), ("avg([])", "0"),
            ("trim(s)", "Straße"), ("upper(\"ß\")", "SS"), ("to_lower(\"ÄB\")", "äb"),
            ("split(\"a,b,,\", \",\")", "[\"a\", \"b\", \"\", \"\"]"), ("join([1, \"b\", null], \"-\")", "1-b-null"),
            ("replace(\"aXbX\", \"X\", \"yy\")", "ayybyy"), ("starts_with(\"abc\", \"ab\")", "true"),
            ("ends_with(\"abc\", \"bc\")", "true"), ("substring(\"héllo\", 1, 3)", "él"), ("substring(\"abc\", 3)", ""),
            ("to_int(\"+5\")", "5"), ("to_float(\"-1e2\")", "-100"), ("to_string([\"x\"])", "[\"x\"]"),
            ("type_of(absent)", "null"), ("type_of(5m)", "duration"), ("is_null(absent)", "true"),
            ("is_int(1)", "true"),
            ("is_map(m)", "true"), ("coalesce(absent, n)", "null"), ("if_null(n, 3)", "3"),
            ("now()", "@1970-01-01T00:00:01Z"), ("timestamp(1000)", "@1970-01-01T00:00:01Z"),
            ("timestamp(\"2026-01-01\")", "@2026-01-01T00:00:00Z"),
            ("format(@2026-01-02T03:04:05, \"%Y/%m/%d %H:%M:%S%%%q\")", "2026/01/02 03:04:05%%q"),
            ("parse(\"2026-01-01T00:00:00.5Z\") > @2026-01-01", "true"),
        ]
    )
    func value(expression: String, expected: String) throws {
        #expect(try evaluate(expression, Self.fields)?.text == expected)
    }

    @Test(
        "are missing for arguments that do not fit",
        arguments: [
            "abs(\"x\")", "abs()", "abs(1, 2)", "sqrt(absent)", "pop([])", "first([])", "substring(\"abc\", 2, 1)",
            "substring(\"abc\", 0, 4)", "substring(\"abc\", -1)", "to_int(\"4.5\")", "to_int(\" 5\")",
            "to_float(\"inf\")",
            "to_float(true)", "to_int(n)", "get([5], -1)", "concat(\"a\", 1)", "join(1, \"x\")",
            "range(0, 99999999999)",
            "timestamp(9223372036854775807)", "parse(\"soon\")", "to_string(absent)", "min(1, \"2\")",
        ]
    )
    func missing(expression: String) throws {
        #expect(try evaluate(expression, Self.fields) == Value?.none)
    }
}
