package import HashTreeCollections

extension TreeDictionary {
    /// Changes the value of a key in place; nil if the key has none.
    ///
    /// Takes the place of `table[key]?.change()`. The accessor behind that copies a node which other copies of the table
    /// share, and then looks at the old node once more, in an assertion of debug builds (swift-collections 1.6.0,
    /// `_UnsafePath.descendToChild`). Where another thread has let go of the last other copy meanwhile, that node is
    /// gone.
    @discardableResult
    package mutating func change<Result>(_ key: Key, _ body: (inout Value) -> Result) -> Result? {
        guard self.keys.contains(key) else { return nil }
        return self.updateValue(forKey: key, default: Self.absent(), with: body)
    }

    private static func absent() -> Value { preconditionFailure("A key that is in a table is not found there.") }
}
