from promise import Promise
from promise.dataloader import DataLoader


class Loaders:
    """The DataLoaders of one request: one for each batch function and its arguments.

    Two fields with the same arguments share a loader; with others, they have loaders of
    their own, for a batch has one filter.
    """

    def __init__(self, session, batches):
        self.session = session
        self.batches = batches
        self.loaders = {}

    def load(self, name, key, **arguments):
        index = name, tuple(sorted(arguments.items()))
        if index not in self.loaders:
            self.loaders[index] = DataLoader(lambda keys: Promise.resolve(self.batch(name, keys, arguments)))
        return self.loaders[index].load(key)

    def batch(self, name, keys, arguments):
        return getattr(self.batches, name)(self.session, keys, **arguments)


class NoLoaders(Loaders):
    """Loads at once, key by key."""

    def load(self, name, key, **arguments):
        return self.batch(name, [key], arguments)[0]
