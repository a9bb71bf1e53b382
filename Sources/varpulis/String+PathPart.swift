import Foundation

extension String {
    /// As one part of a URL's path. Whatever it is, it is looked for under this name, and harms nobody on its way there.
    var asPathPart: String {
        // Nil stands for text that has no UTF-8, and there is none.
        self.addingPercentEncoding(withAllowedCharacters: .unreserved) ?? ""
    }
}

extension CharacterSet {
    /// What a part of a path may have as it is (RFC 3986, section 2.3).
    fileprivate static let unreserved = CharacterSet(
        charactersIn: "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~"
    )
}
