/// A port of 127.0.0.1 that was free a moment ago, for programs that cannot be told to choose one.
public enum FreePort {
    public struct NoPort: Error {}

    public static func find() throws -> UInt16 {
        let socket = Loopback()
        guard let port = socket.bindToFreePort() else { throw NoPort() }
        return port
    }
}
