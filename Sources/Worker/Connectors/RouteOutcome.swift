import MQTT

/// What became of an event that was sent on a route over a broker.
enum RouteOutcome: Equatable {
    case arrived
    /// The pipeline ended first.
    case cutOff
    /// The broker did not take it, for a reason that will pass: the batch that it came of comes again.
    case postponed(String)
    /// It is given up, and those behind it are not.
    case refused(String)

    /// - Parameter comesAgain: The batch that it came of is had again if something of it is lost.
    init(_ failure: MQTTError?, comesAgain: Bool) {
        guard let failure else {
            self = .arrived
            return
        }
        switch failure.code {
        case .closed: self = .cutOff
        case .connectionLost where comesAgain, .takenOver where comesAgain: self = .postponed(failure.message)
        case .refused where comesAgain && failure.reason?.isTransient ?? false: self = .postponed(failure.message)
        default: self = .refused(failure.message)
        }
    }

    /// Whether whoever has the batch again must have it.
    var isLost: Bool {
        switch self {
        case .arrived, .refused: false
        case .cutOff, .postponed: true
        }
    }
}
