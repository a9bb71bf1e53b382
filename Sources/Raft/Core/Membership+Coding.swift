// A membership as bytes: the payload of an entry, and part of a snapshot's description. All numbers most significant
// byte first.
//
//     01                          version of this form
//     greatest id                 4 bytes
//     number of members           2 bytes; ids ascending, for each:
//         id                      4 bytes
//         flags                   1 byte: 1 votes, 2 votes in the old half of a joint phase, 4 incarnation is known,
//                                 8 is to be promoted, 16 replaces a voter, 32 has an address
//         incarnation             8 bytes, if known
//         replaced voter          4 bytes, if there is one
//         address                 2 bytes length and UTF-8, if there is one
//     phase                       1 byte: 0 stable, 1 joint

extension Membership {
    fileprivate enum Flag {
        static let votes: UInt8 = 1
        static let votedBefore: UInt8 = 2
        static let isBound: UInt8 = 4
        static let isPromised: UInt8 = 8
        static let replaces: UInt8 = 16
        static let hasAddress: UInt8 = 32
        static let all: UInt8 = 63
    }

    /// Equal memberships give equal bytes. `init(decoding:)` reads them back, as long as no address is longer than
    /// 65,535 bytes.
    public func encoded() -> [UInt8] {
        var bytes: [UInt8] = [1]
        var old: [NodeID] = []
        if case .joint(let voters, _) = self.voters { old = voters }
        bytes.appendBigEndian(self.greatestID.rawValue)
        bytes.appendBigEndian(UInt16(clamping: self.members.count))
        for member in self.members {
            bytes.appendBigEndian(member.id.rawValue)
            var flags: UInt8 = 0
            if self.futureVoters.contains(member.id) { flags |= Flag.votes }
            if old.contains(member.id) { flags |= Flag.votedBefore }
            if member.incarnation != nil { flags |= Flag.isBound }
            if member.promotion != nil { flags |= Flag.isPromised }
            if member.promotion?.replaces != nil { flags |= Flag.replaces }
            if member.address != nil { flags |= Flag.hasAddress }
            bytes.appendBigEndian(flags)
            if let incarnation = member.incarnation { bytes.appendBigEndian(incarnation.rawValue) }
            if let replaced = member.promotion?.replaces { bytes.appendBigEndian(replaced.rawValue) }
            if let address = member.address?.description {
                bytes.appendBigEndian(UInt16(clamping: address.utf8.count))
                bytes.append(contentsOf: address.utf8)
            }
        }
        bytes.appendBigEndian(UInt8(self.isJoint ? 1 : 0))
        return bytes
    }

    /// Nil if the bytes are no membership in every detail.
    public init?(decoding bytes: some Sequence<UInt8>) {
        var reader = ByteReader(bytes)
        guard reader.read(UInt8.self) == 1, let greatest = reader.read(UInt32.self),
            let count = reader.read(UInt16.self), count <= Self.membersMax
        else { return nil }
        var members: [Member] = []
        var old: [NodeID] = []
        var new: [NodeID] = []
        for _ in 0..<count {
            guard let (member, flags) = reader.readMember() else { return nil }
            if let before = members.last, before.id >= member.id { return nil }
            if flags & Membership.Flag.votes != 0 { new.append(member.id) }
            if flags & Membership.Flag.votedBefore != 0 { old.append(member.id) }
            members.append(member)
        }
        guard let phase = reader.read(UInt8.self), phase <= 1, reader.isAtEnd,
            members.allSatisfy({ $0.id.rawValue > 0 && $0.id.rawValue <= greatest }),
            max(old.count, new.count) <= Self.votersMax, new.isEmpty == members.isEmpty
        else { return nil }
        if phase == 0 ? !old.isEmpty : old.isEmpty { return nil }
        self.init(
            members: members,
            voters: phase == 0 ? .stable(new) : .joint(old: old, new: new),
            greatestID: NodeID(greatest)
        )
    }
}

extension ByteReader {
    fileprivate mutating func readMember() -> (Member, UInt8)? {
        guard let id = self.read(UInt32.self), let flags = self.read(UInt8.self), flags & ~Membership.Flag.all == 0
        else {
            return nil
        }
        var member = Member(id: NodeID(id))
        if flags & Membership.Flag.isBound != 0 {
            guard let incarnation = self.read(UInt64.self) else { return nil }
            member.incarnation = Incarnation(incarnation)
        }
        if flags & Membership.Flag.isPromised != 0 { member.promotion = Member.Promotion() }
        if flags & Membership.Flag.replaces != 0 {
            guard let replaced = self.read(UInt32.self), member.promotion != nil else { return nil }
            member.promotion?.replaces = NodeID(replaced)
        }
        if flags & Membership.Flag.hasAddress != 0 {
            guard let length = self.read(UInt16.self), let bytes = self.read(count: Int(length)),
                let text = String(validating: bytes, as: UTF8.self), let address = try? PeerAddress(text)
            else { return nil }
            member.address = address
        }
        return (member, flags)
    }
}
