/// The names under which a pipeline's connections are known to brokers.
///
/// They depend on nothing but the pipeline's place in the cluster, so that whichever worker runs it next continues the
/// same session and throws out a predecessor that is still connected:
/// `varpulis-<group>-<pipeline>-<connector>` for a source, with `-sink` at the end for a sink.
enum ClientID {
    static func source(prefix: String, spec: PipelineSpec, connector: String) -> String {
        var parts = [Self.escaped(prefix)]
        if let place = spec.place {
            parts += [Self.escaped(place.groupID), Self.escaped(place.name)]
        } else {
            parts.append(Self.escaped(spec.id))
        }
        parts.append(Self.escaped(connector))
        return parts.joined(separator: "-")
    }

    static func sink(prefix: String, spec: PipelineSpec, connector: String) -> String {
        self.source(prefix: prefix, spec: spec, connector: connector) + "-sink"
    }

    /// Of the session that carries the owner record at a broker.
    static func owner(prefix: String, place: PipelineSpec.Place, host: String, port: UInt16) -> String {
        let parts = [prefix, place.groupID, place.name, "owner", host, "\(port)"]
        return parts.map(Self.escaped).joined(separator: "-")
    }

    /// Brokers take `+`, `#` and `/` in a client id for an attempt to cheat their access rules, and replicas are named
    /// `p#0`: bytes outside the harmless ones become `.` and two hexadecimal digits.
    static func escaped(_ text: String) -> String {
        var result = ""
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"):
                result.unicodeScalars.append(Unicode.Scalar(byte))
            default:
                result += (byte < 16 ? ".0" : ".") + String(byte, radix: 16)
            }
        }
        return result
    }
}
