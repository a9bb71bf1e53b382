/// The version of this build: the only place where it is written.
enum Version {
    static let current = "0.3.0"
}
