import Testing

@testable import Worker

@Suite struct CoordinatorListTests {
    private static let three = ["http://a:1", "http://b:1", "http://c:1"]

    @Test func `workers begin with different coordinators, and each always with the same`() {
        var firsts: Set<String> = []
        for worker in 1...4 {
            let urls = CoordinatorList(Self.three, spreadBy: "worker-\(worker)").urls
            #expect(urls.sorted() == Self.three)
            #expect(CoordinatorList(Self.three, spreadBy: "worker-\(worker)").urls == urls)
            firsts.formUnion(urls.prefix(1))
        }
        #expect(firsts.sorted() == Self.three)
    }

    @Test func `one that answers comes first, one that does not comes last`() {
        let list = CoordinatorList(Self.three, spreadBy: "w")
        list.prefer("http://c:1")
        #expect(list.urls == ["http://c:1", "http://a:1", "http://b:1"])
        list.leave("http://c:1")
        #expect(list.urls == ["http://a:1", "http://b:1", "http://c:1"])
        list.noteAnswer(of: "http://b:1")
        #expect(list.urlsToCall == ["http://b:1", "http://c:1", "http://a:1"])
        // Somebody else has turned away from it already.
        list.leave("http://c:1")
        #expect(list.urls == ["http://a:1", "http://b:1", "http://c:1"])
    }

    @Test func `the cluster's coordinators come before those the worker was started with`() {
        let list = CoordinatorList(["http://a:1/", "http://balancer:1"], spreadBy: "w")
        list.prefer("http://a:1")
        list.refresh(["http://b:1", "http://a:1/", "ftp://x", "http://c:1"])
        #expect(list.urls == ["http://a:1", "http://c:1", "http://balancer:1", "http://b:1"])
        // The one it was talking to is gone.
        list.prefer("http://c:1")
        list.refresh(["http://d:1"])
        #expect(list.urls == ["http://d:1", "http://a:1", "http://balancer:1"])
        list.refresh([])
        #expect(list.urls == ["http://a:1", "http://balancer:1"])
    }

    @Test func `however many a coordinator names, and however long, the list stays small`() {
        let list = CoordinatorList(["http://a:1"], spreadBy: "w")
        list.refresh((0..<1_000).map { "http://host-\($0):1" } + ["http://" + String(repeating: "x", count: 1_000)])
        #expect(list.urls.count == 65)
    }
}
