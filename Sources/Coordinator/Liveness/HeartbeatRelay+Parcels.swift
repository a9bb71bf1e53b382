import ClusterAPI
import NIOCore

extension HeartbeatRelay {
    /// What goes to the leader in one call: as a `Batch` is encoded, behind the mark.
    struct Parcel {
        private static let opening = [HeartbeatRelay.mark] + Array(#"{"items":["#.utf8)
        private static let end = Array("]}".utf8)

        private(set) var workers: [String] = []
        private var bytes = Parcel.opening

        var body: ByteBuffer { ByteBuffer(bytes: self.bytes + Self.end) }

        /// False, with nothing added, if the body would be longer than that.
        mutating func add(_ item: [UInt8], of worker: String, bytesMax: Int) -> Bool {
            let comma = self.workers.isEmpty ? 0 : 1
            guard self.bytes.count + comma + item.count + Self.end.count <= bytesMax else { return false }
            if comma == 1 { self.bytes.append(UInt8(ascii: ",")) }
            self.bytes += item
            self.workers.append(worker)
            return true
        }
    }

    /// Puts heartbeats into as many calls as it takes.
    /// - Returns: also the workers whose heartbeats do not fit into any.
    static func parcels(of items: [Batch.Item], bytesMax: Int) -> (parcels: [Parcel], unfit: [String]) {
        var parcels: [Parcel] = []
        var parcel = Parcel()
        var unfit: [String] = []
        for item in items {
            // What came as JSON can be encoded as JSON.
            guard let bytes = try? APIJSON.encode(item) else { continue }
            if parcel.add(bytes, of: item.worker, bytesMax: bytesMax) { continue }
            var next = Parcel()
            guard next.add(bytes, of: item.worker, bytesMax: bytesMax) else {
                unfit.append(item.worker)
                continue
            }
            parcels.append(parcel)
            parcel = next
        }
        if !parcel.workers.isEmpty { parcels.append(parcel) }
        return (parcels, unfit)
    }
}
