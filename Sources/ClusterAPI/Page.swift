/// What a list holds, and under which key the items stand in its JSON.
public protocol Listed: Codable, Sendable {
    static var listKey: String { get }
}

/// Which part of a list a caller asks for: the query parameters `limit` and `offset`.
public struct PageRequest: Hashable, Sendable {
    public static let defaultLimit = 50
    public static let limitMax = 1000

    public var limit: Int
    public var offset: Int

    public init(limit: Int = PageRequest.defaultLimit, offset: Int = 0) {
        self.limit = limit
        self.offset = offset
    }

    /// Reads the two query parameters; an absent one has its default.
    public init(limit: String?, offset: String?) throws(BodyError) {
        self.init(
            limit: try Self.number(limit, default: Self.defaultLimit),
            offset: try Self.number(offset, default: 0)
        )
        guard self.limit <= Self.limitMax else {
            throw BodyError(message: "limit must not exceed \(Self.limitMax)")
        }
    }

    private static func number(_ text: String?, default fallback: Int) throws(BodyError) -> Int {
        guard let text else { return fallback }
        guard let number = Int(text), number >= 0 else { throw BodyError(message: "Invalid query parameters") }
        return number
    }
}

/// Where a page stands in its list.
public struct Pagination: Hashable, Sendable, Codable {
    public var total: Int
    public var limit: Int
    public var offset: Int
    public var hasMore: Bool

    public init(total: Int, limit: Int, offset: Int, hasMore: Bool) {
        self.total = total
        self.limit = limit
        self.offset = offset
        self.hasMore = hasMore
    }

    enum CodingKeys: String, CodingKey {
        case total, limit, offset
        case hasMore = "has_more"
    }
}

/// One page of a list, as `{"<list key>": [...], "total": n, "pagination": {...}}`.
public struct Page<Item: Listed>: Sendable, Codable {
    public var items: [Item]
    public var pagination: Pagination

    /// The page that `request` asks for, out of a whole list that is already in its order.
    public init(_ request: PageRequest, of all: [Item]) { self.init(request, of: all) { $0 } }

    /// The same of things of which only those on the page are turned into items.
    public init<Source, Failure>(
        _ request: PageRequest,
        of all: [Source],
        _ item: (Source) throws(Failure) -> Item
    ) throws(Failure) {
        let start = min(max(request.offset, 0), all.count)
        let end = start + min(max(request.limit, 0), all.count - start)
        var items: [Item] = []
        for source in all[start..<end] { items.append(try item(source)) }
        self.items = items
        self.pagination = Pagination(
            total: all.count,
            limit: request.limit,
            offset: request.offset,
            hasMore: end < all.count
        )
    }

    private struct Key: CodingKey {
        var stringValue: String
        var intValue: Int? { nil }
        init(_ name: String) { self.stringValue = name }
        init?(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }
    }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: Key.self)
        self.items = try container.decode([Item].self, forKey: Key(Item.listKey))
        self.pagination = try container.decode(Pagination.self, forKey: Key("pagination"))
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Key.self)
        try container.encode(self.items, forKey: Key(Item.listKey))
        try container.encode(self.pagination.total, forKey: Key("total"))
        try container.encode(self.pagination, forKey: Key("pagination"))
    }
}
