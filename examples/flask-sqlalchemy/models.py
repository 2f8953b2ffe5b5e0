from sqlalchemy import DDL, BigInteger, Column, Date, ForeignKey, Index, String, Table, Text, event
from sqlalchemy.orm import declarative_base, relationship

Base = declarative_base()

# create_all() creates the extension, too: it needs a superuser, unless it is there.
event.listen(Base.metadata, "before_create", DDL("CREATE EXTENSION IF NOT EXISTS dataloader"))

article_publication = Table(
    "article_publication",
    Base.metadata,
    Column("article_id", ForeignKey("article.id"), primary_key=True),
    Column("publication_id", ForeignKey("publication.id"), primary_key=True),
)


class Reporter(Base):
    __tablename__ = "reporter"

    id = Column(BigInteger, primary_key=True)
    first_name = Column(String(30), nullable=False)
    last_name = Column(String(30), nullable=False)
    email = Column(String(254), nullable=False)
    articles = relationship("Article", order_by="Article.pub_date.desc(), Article.id", back_populates="reporter")


class Publication(Base):
    __tablename__ = "publication"

    id = Column(BigInteger, primary_key=True)
    title = Column(String(30), nullable=False)


class Article(Base):
    __tablename__ = "article"

    id = Column(BigInteger, primary_key=True)
    headline = Column(String(100), nullable=False)
    body = Column(Text, nullable=False)
    pub_date = Column(Date, nullable=False)
    reporter_id = Column(ForeignKey("reporter.id"), nullable=False)
    reporter = relationship("Reporter", back_populates="articles")
    publications = relationship("Publication", secondary=article_publication, order_by="Publication.title")


Index("article_newest", Article.reporter_id, Article.pub_date.desc(), Article.id)
