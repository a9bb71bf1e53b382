import AsyncHTTPClient
import ClusterAPI
import Foundation
import NIOCore
import NIOHTTP1

extension CoordinatorClient {
    /// What the coordinators say about a place.
    enum PlaceAnswer: Sendable {
        case assignment(Assignment)
        /// There is no such place.
        case noPlace
        /// None that has a quorum could be reached.
        case noAnswer
    }

    private static let assignmentBytesMax = 64 * 1024
    /// What a path segment may have as it is (RFC 3986, section 2.3).
    private static let unreserved = CharacterSet(
        charactersIn: "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~"
    )

    /// Asks one coordinator after the other, each for an equal part of the time.
    func assignment(of place: PipelineSpec.Place, timeout: Duration) async -> PlaceAnswer {
        let names = [place.groupID, place.name].map {
            $0.addingPercentEncoding(withAllowedCharacters: Self.unreserved) ?? $0
        }
        let path = "/api/v1/cluster/placements/\(names[0])/\(names[1])"
        let share = TimeAmount(timeout / max(1, self.urls.count))
        for url in self.urlsInOrder {
            if let answer = await self.assignment(at: url + path, timeout: share) { return answer }
        }
        return .noAnswer
    }

    private func assignment(at url: String, timeout: TimeAmount) async -> PlaceAnswer? {
        do {
            var request = HTTPClientRequest(url: url)
            if let apiKey { request.headers.add(name: "x-api-key", value: apiKey) }
            let response = try await self.client.execute(request, timeout: timeout)
            let body = try await response.body.collect(upTo: Self.assignmentBytesMax).readableBytesView
            switch response.status.code {
            case 200: return .assignment(try APIJSON.decode(Assignment.self, from: body))
            case 404:
                // Only a coordinator that knows the question says this.
                let refusal = try APIJSON.decode(ErrorBody.self, from: body)
                return refusal.code == .placementNotFound ? .noPlace : nil
            default: return nil
            }
        } catch {
            return nil
        }
    }
}
