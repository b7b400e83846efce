import DistillCore
import DistillTraining
import Foundation

/// A teacher that was prepared: written whole, with checksums, into the run's own folder, and from there given to the runs
/// beside it that need the same one.
struct PreparedTeachers {
  let folder: RunFolder
  let observe: (TrainingEvent) -> Void

  private var cache: SharedCache { SharedCache(folder.preparedTeachers, observe: observe) }

  /// The folder of a teacher that is there and whole; nil where there is none.
  func find(_ provenance: Provenance) -> URL? {
    cache.find(provenance.name) { url in
      try SealedFolder.check(url)
      return url
    }
  }

  /// Puts the teacher of this provenance into the run's folder: as it was before a stop, as another run made it, or made now.
  func prepare(
    _ provenance: Provenance, resumes: Bool, stop: () throws -> Void, make: () throws -> any Teacher
  ) throws {
    if resumes, SealedFolder.isSealed(folder.teacher) {
      do {
        try SealedFolder.check(folder.teacher)
        return cache.share(folder.teacher, as: provenance.name)
      } catch { observe(.note("made again: \(error)")) }
    }
    try cache.alone(provenance.name, stop: stop) {
      if let found = find(provenance) {
        observe(.note("teacher: prepared before by the same settings, in \(found.path)"))
        do { return try FileSystem.copyAtomically(found, to: folder.teacher) } catch {
          observe(.note("teacher: prepared again: \(error)"))  // somebody emptied the folder meanwhile
        }
      }
      let teacher = try make()
      try SealedFolder.write(to: folder.teacher) { try teacher.write(to: $0) }
      cache.share(folder.teacher, as: provenance.name)
    }
  }
}
