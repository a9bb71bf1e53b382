internal import CMosquitto

/// The rules of topic names and filters (MQTT 5, section 4.7).
public enum MQTTTopic {
    /// Whether one can publish to it: no wildcards, not empty, not too long.
    public static func isName(_ topic: String) -> Bool {
        self.isText(topic) && mosquitto_pub_topic_check(topic) == 0
    }

    /// Whether one can subscribe to it.
    public static func isFilter(_ filter: String) -> Bool {
        self.isText(filter) && mosquitto_sub_topic_check(filter) == 0
    }

    static func matches(_ topic: UnsafePointer<CChar>, filter: String) -> Bool {
        var result = false
        return mosquitto_topic_matches_sub(filter, topic, &result) == 0 && result
    }

    private static func isText(_ topic: String) -> Bool {
        !topic.isEmpty && topic.utf8.count <= 65_535 && !topic.utf8.contains(0)
    }
}
