/// The specification leaves the meaning open here, so the comparison ends with what was output before.
struct Unspecified: Error {
    let reason: String

    init(_ reason: String) {
        self.reason = reason
    }
}
