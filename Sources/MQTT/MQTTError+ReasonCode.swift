extension MQTTError {
    /// Why a broker says no (MQTT 5, section 2.4). There are more.
    public struct ReasonCode: RawRepresentable, Sendable, Hashable {
        public let rawValue: UInt8

        public init(rawValue: UInt8) {
            self.rawValue = rawValue
        }

        public static let unspecifiedError = ReasonCode(rawValue: 0x80)
        public static let implementationSpecificError = ReasonCode(rawValue: 0x83)
        public static let notAuthorized = ReasonCode(rawValue: 0x87)
        public static let serverBusy = ReasonCode(rawValue: 0x89)
        public static let quotaExceeded = ReasonCode(rawValue: 0x97)

        /// Whether the broker may take the very same another time: the reason lies with the broker, not with what it was
        /// asked.
        public var isTransient: Bool {
            switch self {
            case .unspecifiedError, .implementationSpecificError, .serverBusy, .quotaExceeded: true
            default: false
            }
        }
    }
}
