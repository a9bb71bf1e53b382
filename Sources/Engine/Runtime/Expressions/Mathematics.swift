#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// The elementary functions, which Swift's standard library does not have: the only use of the C library here, and all
/// of them are functions of their arguments alone.
enum Mathematics {
    static func power(_ base: Double, _ exponent: Double) -> Double { pow(base, exponent) }
    static func logarithm(_ number: Double) -> Double { log(number) }
    static func decimalLogarithm(_ number: Double) -> Double { log10(number) }
    static func exponential(_ number: Double) -> Double { exp(number) }
    static func sine(_ number: Double) -> Double { sin(number) }
    static func cosine(_ number: Double) -> Double { cos(number) }
    static func tangent(_ number: Double) -> Double { tan(number) }

    /// Cut to the range of the type; NaN is 0.
    static func saturated(_ number: Double) -> Int64 {
        if number.isNaN { return 0 }
        if number >= 0x1p63 { return .max }
        return number < -0x1p63 ? .min : Int64(number)
    }
}
