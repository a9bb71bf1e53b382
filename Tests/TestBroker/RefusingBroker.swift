import Glibc
import Threads

/// A broker that refuses what is published as a test says, by MQTT 5's reason codes: one for each of the first messages; all
/// later ones are taken. It has one connection after the other, and knows nothing but publishing with QoS 1.
public final class RefusingBroker: Sendable {
    public struct Publish: Sendable, Equatable {
        public let text: String
        /// 0 for one that was taken.
        public let reason: UInt8

        public init(_ text: String, _ reason: UInt8) {
            self.text = text
            self.reason = reason
        }
    }

    private struct Contents {
        var reasons: ArraySlice<UInt8>
        var publishes: [Publish] = []
        var connection: CInt?
        var isOver = false
    }

    public let port: UInt16
    private let socket = Loopback()
    private let contents: Monitor<Contents>
    private let thread: NamedThread

    public init(reasons: [UInt8]) throws {
        guard let port = self.socket.bindToFreePort(), listen(self.socket.descriptor, 8) == 0 else {
            throw SilentListener.CannotListen()
        }
        self.port = port
        let contents = Monitor(Contents(reasons: reasons[...]))
        self.contents = contents
        let descriptor = self.socket.descriptor
        self.thread = NamedThread(name: "refusing") {
            while case let connection = accept(descriptor, nil, nil), connection >= 0 {
                let isOver = contents.change { contents in
                    contents.connection = connection
                    return contents.isOver
                }
                if !isOver { Self.serve(connection, contents) }
                contents.change { $0.connection = nil }
                close(connection)
            }
        }
    }

    deinit {
        self.contents.change { contents in
            contents.isOver = true
            // Closed by its thread, and not before it is forgotten here.
            if let connection = contents.connection { shutdown(connection, CInt(SHUT_RDWR)) }
        }
        shutdown(self.socket.descriptor, CInt(SHUT_RDWR))
        self.thread.join()
    }

    /// What was published, in order, once there is so much; less when it does not come in 20 seconds.
    public func publishes(count: Int) -> [Publish] {
        let complete = self.contents.wait(atMost: .seconds(20)) { $0.publishes.count >= count ? $0.publishes : nil }
        return complete ?? self.contents.withLock { $0.publishes }
    }

    private static func serve(_ connection: CInt, _ contents: Monitor<Contents>) {
        var received: [UInt8] = []
        var bytes = [UInt8](repeating: 0, count: 65_536)
        while case let count = recv(connection, &bytes, bytes.count, 0), count > 0 {
            received += bytes[..<count]
            while let packet = Packet(takenFrom: &received) {
                guard let answer = Self.answer(to: packet, contents) else { continue }
                guard send(connection, answer, answer.count, CInt(MSG_NOSIGNAL)) == answer.count else { return }
            }
        }
    }

    private static func answer(to packet: Packet, _ contents: Monitor<Contents>) -> [UInt8]? {
        switch packet.kind {
        case 1: return [0x20, 3, 0, 0, 0]  // CONNECT, CONNACK
        case 3:  // PUBLISH, PUBACK
            let publish = contents.change { contents in
                let publish = Publish(packet.text, contents.reasons.popFirst() ?? 0)
                contents.publishes.append(publish)
                return publish
            }
            return [0x40, 3] + packet.publishID + [publish.reason]
        case 12: return [0xD0, 0]  // PINGREQ, PINGRESP
        default: return nil
        }
    }

    /// One packet of MQTT 5, section 2.1.
    private struct Packet {
        let kind: UInt8
        let body: [UInt8]

        /// Nil, and nothing taken, before all of it is there.
        init?(takenFrom bytes: inout [UInt8]) {
            var (length, shift, start) = (0, 0, 1)
            repeat {
                guard start < bytes.count else { return nil }
                length |= Int(bytes[start] & 0x7F) << shift
                shift += 7
                start += 1
            } while bytes[start - 1] & 0x80 != 0
            guard bytes.count >= start + length else { return nil }
            self.kind = bytes[0] >> 4
            self.body = Array(bytes[start..<start + length])
            bytes.removeFirst(start + length)
        }

        /// Of a PUBLISH of QoS 1: behind the topic come its id, its properties and its payload.
        private var idPlace: Int { 2 + (Int(self.body[0]) << 8 | Int(self.body[1])) }
        var publishID: [UInt8] { Array(self.body[self.idPlace..<self.idPlace + 2]) }
        var text: String {
            // Properties of 128 bytes and more are not expected.
            let properties = self.idPlace + 2
            return String(decoding: self.body[(properties + 1 + Int(self.body[properties]))...], as: UTF8.self)
        }
    }
}
