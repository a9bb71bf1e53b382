import VPL

/// Times by a pattern in the manner of `strftime`: `%Y %m %d %H %M %S %f` and `%%`; anything else stands for itself.
enum TimeFormat {
    static func format(_ nanoseconds: Int64, _ pattern: String) -> String {
        let time = CalendarTime(nanosecondsSinceEpoch: nanoseconds)
        var text = ""
        var isDirective = false
        for scalar in pattern.unicodeScalars {
            guard isDirective else {
                if scalar == "%" { isDirective = true } else { text.unicodeScalars.append(scalar) }
                continue
            }
            isDirective = false
            switch scalar {
            case "Y": text += CalendarTime.pad(time.year, to: 4)
            case "m": text += CalendarTime.pad(time.month)
            case "d": text += CalendarTime.pad(time.day)
            case "H": text += CalendarTime.pad(time.hour)
            case "M": text += CalendarTime.pad(time.minute)
            case "S": text += CalendarTime.pad(time.second)
            case "f": text += CalendarTime.pad(time.nanosecond, to: 9)
            case "%": text += "%"
            default:
                text += "%"
                text.unicodeScalars.append(scalar)
            }
        }
        return isDirective ? text + "%" : text
    }
}
