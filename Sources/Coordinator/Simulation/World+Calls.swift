import ClusterControl
import ClusterState

// Calls to workers: in order and few at a time to each worker, all workers side by side.

extension World {
    /// Queues a call. One that waits, or is under way, is not queued again.
    func queue(_ action: Action, _ place: Int, _ process: Coordinator) {
        let worker: WorkerID
        let target: Coordinator.Lane.Target
        switch action {
        case .propose: return
        case .startPipeline(let start):
            worker = start.worker
            target = .start(start.placement, start.epoch)
        case .stopPipeline(let stop):
            worker = stop.worker
            target = .stop(id: stop.pipelineID, stop.epoch)
        }
        var lane = process.lanes[worker] ?? Coordinator.Lane()
        guard lane.open.insert(target).inserted else { return }
        lane.waiting.append((target, action))
        process.lanes[worker] = lane
        self.makeCalls(to: worker, place, process)
    }

    private func makeCalls(to worker: WorkerID, _ place: Int, _ process: Coordinator) {
        while var lane = process.lanes[worker], lane.underWay < Coordinator.Lane.concurrency, !lane.waiting.isEmpty {
            let (target, action) = lane.waiting.removeFirst()
            if let body = self.body(of: action, process) {
                lane.underWay += 1
                let number = self.nextNumber()
                process.calls[number] = Coordinator.OpenCall(worker: worker, target: target, action: action)
                let call = WorkerCall(number: number, from: place, body: body)
                if let machine = self.workers.firstIndex(where: { $0.id == worker }) {
                    self.send(.call(call), from: .coordinator(place), to: .worker(machine))
                }
                self.plan(.callTimeout(number), for: place, in: .seconds(10))
            } else {
                lane.open.remove(target)
            }
            process.lanes[worker] = lane
        }
    }

    /// Nil if the call is not worth making any more: it may have waited.
    private func body(of action: Action, _ process: Coordinator) -> WorkerCall.Body? {
        guard process.isLeader else { return nil }
        switch action {
        case .propose: return nil
        case .startPipeline(let start):
            let placement = process.state.placement(start.placement)
            guard placement?.epoch == start.epoch, placement?.worker == start.worker else { return nil }
            return .deploy(start.placement, start.epoch, source: start.source)
        case .stopPipeline(let stop): return .undeploy(id: stop.pipelineID, stop.epoch)
        }
    }

    /// A call was answered, or never will be.
    func endCall(_ number: UInt64, answer: CallAnswer?, _ place: Int, _ process: Coordinator) throws(Violation) {
        guard let call = process.calls.removeValue(forKey: number) else { return }
        if var lane = process.lanes[call.worker] {
            lane.underWay -= 1
            lane.open.remove(call.target)
            process.lanes[call.worker] = lane
        }
        self.makeCalls(to: call.worker, place, process)
        guard case .startPipeline(let start) = call.action, let answer else { return }
        switch answer {
        case .deployed(let id, isRunning: true):
            let report = Command.ReportPlacement(
                placement: start.placement,
                epoch: start.epoch,
                status: .running,
                pipelineID: id
            )
            try self.propose(Submission(.command(.reportPlacement(report))), for: .nobody, place, process)
        case .deployed, .undeployed, .stale, .full: break
        }
    }
}
