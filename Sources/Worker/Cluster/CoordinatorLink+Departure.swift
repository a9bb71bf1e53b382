import ClusterAPI
import Logging

extension CoordinatorLink {
    /// Between looks at what this worker still runs for the cluster.
    private static let step = Duration.milliseconds(100)
    /// Of one word to all coordinators.
    private static let farewellTimeout = Duration.seconds(3)

    /// Has the coordinators move what this worker runs for them, and waits until it is gone, for a bounded time.
    func drain() async {
        guard self.drainTimeout > .zero, await self.holdsPlacements else { return }
        self.logger.info("draining", metadata: ["timeout": "\(self.drainTimeout)"])
        await withTaskGroup(of: Void.self) { group in
            // Ends the wait where it can't be had.
            group.addTask {
                let answer = await self.client.drain(
                    self.report.workerID,
                    incarnation: self.report.incarnation,
                    timeout: self.drainTimeout
                )
                switch answer {
                case .answered: await self.waitUntilEmpty()
                case .unknownWorker: self.logger.notice("not drained: the coordinators do not do that for this worker")
                case .failed(let reason): self.logger.warning("not drained", metadata: ["reason": "\(reason)"])
                }
            }
            group.addTask { await self.waitUntilEmpty() }
            group.addTask { try? await Task.sleep(for: self.drainTimeout) }  // ends early only when it is not needed
            await group.next()
            group.cancelAll()
        }
    }

    /// Stops everything, and says so: what is left is assigned elsewhere at once, and must not run here then.
    func leave() async {
        await self.report.registry.stopAll()
        let answer = await self.client.deregister(
            self.report.workerID,
            incarnation: self.report.incarnation,
            timeout: Self.farewellTimeout
        )
        switch answer {
        case .answered: self.logger.info("deregistered", metadata: ["worker": "\(self.report.workerID)"])
        case .unknownWorker: break  // it never was, or is not any more
        case .failed(let reason): self.logger.warning("not deregistered", metadata: ["reason": "\(reason)"])
        }
    }

    private var holdsPlacements: Bool {
        get async { await self.report.registry.pipelines.contains { $0.spec.groupID != nil } }
    }

    private func waitUntilEmpty() async {
        while !Task.isCancelled, await self.holdsPlacements {
            try? await Task.sleep(for: Self.step)  // ends early only when it is not needed any more
        }
    }
}
