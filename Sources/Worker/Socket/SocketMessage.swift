import ClusterAPI
import Engine

/// What a caller of `/ws` asks for.
enum SocketMessage {
    case loadFile(String)
    case injectEvent(Event)
    case getStreams
    case getMetrics
    /// It is known what was meant, and what is wrong with it.
    case refused(String)

    /// An event from there has no more fields, and they are nested no deeper.
    static let fieldsMax = 256
    static let depthMax = 16

    /// Nil for a text that is no message.
    init?(_ text: [UInt8], arrival: Int64) {
        // What is no JSON is passed over, as the contract asks.
        guard let value = try? JSONValue(parsing: text), case .object(let members) = value,
            case .string(let type) = members["type"]
        else { return nil }
        switch type {
        case "load_file":
            guard case .string(let path) = members["path"] else { return nil }
            self = .loadFile(path)
        case "inject_event": self = Self.event(members, text, arrival)
        case "get_streams": self = .getStreams
        case "get_metrics": self = .getMetrics
        default: return nil
        }
    }

    private static func event(_ members: [String: JSONValue], _ text: [UInt8], _ arrival: Int64) -> SocketMessage {
        guard case .string = members["event_type"], case .object(let fields) = members["data"] else {
            return .refused("inject_event takes `event_type` and `data`")
        }
        guard fields.count <= Self.fieldsMax else { return .refused("an event has at most \(Self.fieldsMax) fields") }
        guard fields.values.allSatisfy({ Self.depth($0) < Self.depthMax }) else {
            return .refused("an event is nested at most \(Self.depthMax) deep")
        }
        do throws(EventDecodingError) {
            return .injectEvent(try EventDecoder.decode(text, defaultType: nil, arrival: arrival))
        } catch {
            return .refused(error.message)
        }
    }

    /// How deep arrays and objects lie in a value.
    private static func depth(_ value: JSONValue) -> Int {
        switch value {
        case .array(let items): 1 + (items.lazy.map(Self.depth).max() ?? 0)
        case .object(let members): 1 + (members.values.lazy.map(Self.depth).max() ?? 0)
        default: 0
        }
    }
}
